with items as (

    select * from {{ ref('int_account_items') }}

),

gaps as (

    select
        item_key,
        min(case when cover = 'identity' then uncovered_from end) as unattributed_from,
        min(case when cover = 'identity' then uncertain_from end) as identity_uncertain_from,
        min(case when cover = 'owner' then uncovered_from end) as unowned_from,
        min(case when cover = 'owner' then uncertain_from end) as owner_uncertain_from,
        min(case when cover = 'sponsor' then uncovered_from end) as unsponsored_from,
        min(case when cover = 'sponsor' then uncertain_from end) as sponsor_uncertain_from,
        min(case when cover = 'idp' then uncovered_from end) as outside_idp_from,
        min(case when cover = 'idp' then uncertain_from end) as idp_uncertain_from
    from {{ ref('int_account_cover_gaps') }}
    group by item_key

),

account_use as (

    select * from {{ ref('int_account_use') }}

),

sharing as (

    select * from {{ ref('int_account_sharing') }}

),

break_glass as (

    select
        item_key,
        count(*) as break_glass_uses,
        count(case when issue_key is null then 1 end) as break_glass_uses_without_ticket
    from {{ ref('int_break_glass_uses') }}
    group by item_key

),

break_glass_evidence as (

    select * from {{ ref('int_break_glass_evidence') }}

),

facts as (

    select
        items.*,
        gaps.unattributed_from,
        gaps.identity_uncertain_from,
        gaps.unowned_from,
        gaps.owner_uncertain_from,
        gaps.unsponsored_from,
        gaps.sponsor_uncertain_from,
        gaps.outside_idp_from,
        gaps.idp_uncertain_from,
        account_use.last_activity_at,
        account_use.days_without_activity,
        account_use.days_without_activity_at_most,
        account_use.dormant_days,
        account_use.is_use_collected,
        sharing.people_linked,
        sharing.is_generic_name,
        coalesce(break_glass.break_glass_uses, 0) as break_glass_uses,
        coalesce(break_glass.break_glass_uses_without_ticket, 0) as break_glass_uses_without_ticket,
        coalesce(break_glass_evidence.is_log_complete, false) as is_break_glass_log_complete,
        coalesce(break_glass_evidence.is_request_collected, false) as is_request_collected,
        items.account_kind <> 'break_glass' as dormant__applies,
        items.is_non_human as no_owner__applies,
        (items.account_kind = 'human' and items.system <> 'okta') or items.account_kind = 'break_glass' as local_bypass__applies,
        items.account_kind = 'guest' or coalesce(items.person_id like 'registers:contractor/%', false) as guest_no_sponsor__applies
    from items
    inner join gaps
        on gaps.item_key = items.item_key
    inner join account_use
        on account_use.item_key = items.item_key
    inner join sharing
        on sharing.item_key = items.item_key
    left join break_glass
        on break_glass.item_key = items.item_key
    left join break_glass_evidence
        on break_glass_evidence.item_key = items.item_key

),

-- An account that was suspended all the time existed and could not be used.
rules as (

    select
        *,
        case
            when unattributed_from is not null then true
            when identity_uncertain_from is not null then null
            else false
        end as orphan,
        is_active and not is_non_human and (people_linked > 1 or is_generic_name) as shared,
        case
            when not dormant__applies or not is_active or days_without_activity_at_most <= dormant_days then false
            when days_without_activity > dormant_days and is_use_collected then true
        end as dormant,
        case
            when not no_owner__applies then false
            when unowned_from is not null then true
            when owner_uncertain_from is not null then null
            else false
        end as no_owner,
        case
            when not local_bypass__applies then false
            when account_kind = 'break_glass' and break_glass_uses_without_ticket > 0 then case when is_request_collected then true end
            when account_kind = 'break_glass' then case when is_break_glass_log_complete then false end
            when idp_uncertain_from is null then false
            when outside_idp_from is null then null
            when resolution = 'ambiguous' then null
            else true
        end as local_bypass,
        case
            when not guest_no_sponsor__applies then false
            when unsponsored_from is not null then true
            when sponsor_uncertain_from is not null then null
            else false
        end as guest_no_sponsor
    from facts

),

final as (

    select
        'LA-01' as control_id,
        item_key,
        system,
        instance,
        occurred_at,
        occurred_on,
        {{ item_status('LA-01') }} as status,
        {{ rules_failed('LA-01') }} as rules_failed,
        {{ rules_not_testable('LA-01') }} as rules_not_testable,
        {{ rules_not_applicable('LA-01', always=['orphan', 'shared']) }} as rules_not_applicable,
        cast(null as string) as evidence_url,
        account_key,
        account_id,
        login,
        account_kind,
        person_id,
        resolution,
        owner_person_id,
        is_privileged,
        created_at,
        first_seen_at,
        active_from,
        active_to,
        suspended_from,
        evaluated_to,
        last_activity_at,
        days_without_activity,
        unattributed_from,
        unowned_from,
        unsponsored_from,
        outside_idp_from,
        cast(people_linked as bigint) as people_linked,
        is_generic_name,
        cast(break_glass_uses as bigint) as break_glass_uses,
        cast(break_glass_uses_without_ticket as bigint) as break_glass_uses_without_ticket,
        orphan,
        shared,
        dormant,
        no_owner,
        local_bypass,
        guest_no_sponsor
    from rules

)

select * from final
