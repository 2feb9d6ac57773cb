with grants as (

    select * from {{ ref('int_access_grants') }}

),

decisions as (

    select * from {{ ref('int_grant_tests') }}

),

birthrights as (

    select * from {{ ref('int_grant_birthrights') }}

),

ends as (

    select * from {{ ref('int_grant_ends') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

tickets as (

    select max(window_end_at) as tickets_collected_until
    from {{ ref('stg_ledger__collections') }}
    where kind = 'committed' and source = 'jira' and resource = 'issues' and permission not in ('denied', 'not_available')

),

-- An account that only a snapshot shows needs no request where a birthright rule gives it.
-- Whose account it is must be known before anybody's approval can be judged; requests must have been collected up to the grant.
facts as (

    select
        grants.*,
        coalesce(decisions.covering_approvals, 0) as covering_approvals,
        coalesce(decisions.possible_approvals, 0) as possible_approvals,
        coalesce(decisions.related_approvals, 0) as related_approvals,
        coalesce(decisions.has_valid, false) as has_valid,
        decisions.self_decisions,
        decisions.self_unknown,
        decisions.unauthorised_decisions,
        decisions.unauthorised_unknown,
        decisions.inactive_decisions,
        decisions.inactive_unknown,
        decisions.decisions_in_time,
        decisions.decisions_time_unknown,
        decisions.decisions_fresh,
        decisions.decisions_age_unknown,
        decisions.decisions_stale,
        decisions.decisions_by_others,
        decisions.decisions_implementer_unknown,
        decisions.first_decided_at as approved_at,
        decisions.issue_key,
        decisions.url,
        decisions.approver_person_id,
        decisions.approver_authority,
        decisions.expires_at,
        birthrights.is_valid as is_birthright_valid,
        birthrights.rule_id as birthright_rule_id,
        birthrights.reason as birthright_reason,
        ends.gone_by_at,
        ends.proven_until,
        engagement.evidence_cutoff_at,
        grants.mechanism not in ('group rule', 'provisioning') and not coalesce(birthrights.is_valid, false) as needs_request,
        grants.mechanism not in ('group rule', 'provisioning') and birthrights.item_key is not null and birthrights.is_valid is null as is_birthright_unknown,
        grants.person_id is not null and tickets.tickets_collected_until >= grants.granted_by_at as is_request_known
    from grants
    cross join engagement
    cross join tickets
    left join decisions
        on decisions.item_key = grants.item_key
    left join birthrights
        on birthrights.item_key = grants.item_key
    left join ends
        on ends.item_key = grants.item_key

),

applied as (

    select
        *,
        needs_request as no_approval__applies,
        needs_request and covering_approvals > 0 as self_approved__applies,
        needs_request and covering_approvals > 0 as unauthorised_approver__applies,
        needs_request and covering_approvals > 0 as approver_inactive__applies,
        needs_request and covering_approvals > 0 as late_approval__applies,
        needs_request as excess__applies,
        needs_request and covering_approvals > 0 as stale_approval__applies,
        not needs_request as birthright_invalid__applies,
        needs_request and expires_at is not null as expired_grant__applies,
        needs_request and covering_approvals > 0 as approver_is_implementer__applies,
        case
            when not needs_request or expires_at is null or expires_at >= evidence_cutoff_at then false
            when proven_until > expires_at then true
            when gone_by_at <= expires_at then false
        end as expired_grant
    from facts

),

rules as (

    select
        *,
        case
            when not needs_request or covering_approvals > 0 then false
            when person_id is null or is_birthright_unknown or possible_approvals > 0 then null
            when related_approvals > 0 then false
            when is_request_known then true
        end as no_approval,
        case
            when not self_approved__applies or has_valid then false
            when self_decisions > 0 then true
            when self_unknown > 0 then null
            else false
        end as self_approved,
        case
            when not unauthorised_approver__applies or has_valid then false
            when unauthorised_decisions > 0 then true
            when unauthorised_unknown > 0 then null
            else false
        end as unauthorised_approver,
        case
            when not approver_inactive__applies or has_valid then false
            when inactive_decisions > 0 then true
            when inactive_unknown > 0 then null
            else false
        end as approver_inactive,
        case
            when not late_approval__applies or decisions_in_time > 0 then false
            when decisions_time_unknown > 0 then null
            else true
        end as late_approval,
        case
            when not needs_request then false
            when covering_approvals > 0 then expired_grant
            when person_id is null or is_birthright_unknown or possible_approvals > 0 then null
            when related_approvals > 0 then true
            when is_request_known then false
        end as excess,
        case
            when not stale_approval__applies or decisions_fresh > 0 then false
            when decisions_age_unknown > 0 then null
            else decisions_stale > 0
        end as stale_approval,
        case
            when birthright_invalid__applies then not is_birthright_valid
            else false
        end as birthright_invalid,
        case
            when not approver_is_implementer__applies or decisions_by_others > 0 then false
            when decisions_implementer_unknown > 0 then null
            else true
        end as approver_is_implementer
    from applied

),

final as (

    select
        'LA-03' as control_id,
        item_key,
        system,
        instance,
        occurred_at,
        occurred_on,
        {{ item_status('LA-03') }} as status,
        {{ rules_failed('LA-03') }} as rules_failed,
        {{ rules_not_testable('LA-03') }} as rules_not_testable,
        {{ rules_not_applicable('LA-03') }} as rules_not_applicable,
        url as evidence_url,
        account_key,
        account_id,
        login,
        account_kind,
        person_id,
        resolution,
        kind as entitlement_kind,
        external_id as entitlement_id,
        entitlement,
        is_privileged,
        mechanism,
        group_rule_id,
        actor_id,
        actor_person_id,
        time_evidence,
        granted_from,
        granted_by_at,
        issue_key,
        approved_at,
        {{ seconds_between('approved_at', 'granted_by_at') }} / 3600 as hours_from_approval,
        approver_person_id,
        approver_authority,
        cast(covering_approvals as bigint) as covering_approvals,
        cast(related_approvals as bigint) as related_approvals,
        case when not needs_request then birthright_rule_id end as birthright_rule_id,
        case when not needs_request or is_birthright_unknown then birthright_reason end as birthright_reason,
        expires_at,
        proven_until as held_until,
        no_approval,
        self_approved,
        unauthorised_approver,
        approver_inactive,
        late_approval,
        excess,
        stale_approval,
        birthright_invalid,
        expired_grant,
        approver_is_implementer
    from rules

)

select * from final
