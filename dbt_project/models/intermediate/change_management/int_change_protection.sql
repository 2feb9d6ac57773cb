-- What protected the branch when the change was made: rulesets by their versions, classic protection by the snapshots around
-- the instant (unknown where they differ or lie too far apart), and the company's own policy. What was collected is known for the
-- instant only where a collection covers it.
with

changes as (

    select * from {{ ref('int_changes') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

branch_rules as (

    select * from {{ ref('int_branch_rules') }}

),

rulesets as (

    select * from {{ ref('stg_github__rulesets') }}

),

ruleset_history as (

    select
        instance,
        repository_id,
        ruleset_id,
        min(updated_at) as first_updated_at
    from {{ ref('stg_github__ruleset_history') }}
    group by instance, repository_id, ruleset_id

),

collections as (

    select * from {{ ref('stg_ledger__collections') }}
    where kind = 'committed' and permission not in ('denied', 'not_available')

),

protection as (

    select * from {{ ref('stg_github__branch_protection_intervals') }}

),

policies as (

    select * from {{ ref('stg_registers__change_policies') }}

),

covered_intervals as (

    select * from {{ ref('int_covered_intervals') }}

),

ruleset_snapshots as (

    select
        instance,
        max(collected_at) as last_collected_at
    from collections
    where resource = 'rulesets'
    group by instance

),

-- rulesets older than the history that the platform still had, and those of which the end lies between two snapshots
unknown_rulesets as (

    select distinct changes.item_key
    from changes
    inner join rulesets
        on
            rulesets.instance = changes.instance
            and rulesets.repository_id = changes.repository_id
            and (rulesets.gone_at is null or changes.occurred_at < rulesets.gone_at)
    left join ruleset_history
        on
            ruleset_history.instance = rulesets.instance
            and ruleset_history.repository_id = rulesets.repository_id
            and ruleset_history.ruleset_id = rulesets.ruleset_id
    where
        coalesce(rulesets.target, 'branch') = 'branch'
        and changes.occurred_at >= rulesets.created_at
        and (ruleset_history.first_updated_at is null or changes.occurred_at < ruleset_history.first_updated_at)
    union
    select changes.item_key
    from changes
    inner join branch_rules
        on
            branch_rules.instance = changes.instance
            and branch_rules.repository_id = changes.repository_id
            and branch_rules.branch = changes.branch
            and changes.occurred_at >= branch_rules.certain_to
            and changes.occurred_at < branch_rules.valid_to

),

ruleset_demands as (

    select
        changes.item_key,
        max(branch_rules.required_approvals) as required_approvals,
        count(*) as rulesets
    from changes
    inner join branch_rules
        on
            branch_rules.instance = changes.instance
            and branch_rules.repository_id = changes.repository_id
            and branch_rules.branch = changes.branch
            and changes.occurred_at >= branch_rules.valid_from
            and (branch_rules.valid_to is null or changes.occurred_at < branch_rules.valid_to)
    group by changes.item_key

),

protection_snapshots as (

    select distinct
        instance,
        collected_at
    from collections
    where resource = 'branch_protection'

),

brackets as (

    select
        instance,
        collected_at as before_at,
        lead(collected_at) over (partition by instance order by collected_at) as after_at
    from protection_snapshots
    union all
    select
        instance,
        {{ null_instant() }} as before_at,
        min(collected_at) as after_at
    from protection_snapshots
    group by instance

),

bracketed as (

    select
        changes.item_key,
        changes.instance,
        changes.repository_id,
        changes.branch,
        brackets.before_at,
        brackets.after_at,
        case
            when brackets.before_at is null then changes.occurred_on = {{ local_date('brackets.after_at', 'engagement.zone') }}
            else {{ seconds_between('brackets.before_at', 'brackets.after_at') }} <= engagement.snapshot_max_gap_days * 86400
        end as is_close
    from changes
    cross join engagement
    inner join brackets
        on
            brackets.instance = changes.instance
            and (brackets.before_at is null or changes.occurred_at >= brackets.before_at)
            and changes.occurred_at < brackets.after_at

),

classic as (

    select
        bracketed.item_key,
        bracketed.is_close,
        bracketed.before_at,
        bracketed.after_at,
        before_states.record_key is not null as is_seen_before,
        after_states.record_key is not null as is_seen_after,
        coalesce(before_states.required_approvals, 0) as approvals_before,
        coalesce(after_states.required_approvals, 0) as approvals_after,
        coalesce(before_states.required_checks, '[]') as checks_before,
        coalesce(after_states.required_checks, '[]') as checks_after
    from bracketed
    left join protection as before_states
        on
            before_states.instance = bracketed.instance
            and before_states.repository_id = bracketed.repository_id
            and before_states.branch = bracketed.branch
            and before_states.seen_from <= bracketed.before_at
            and before_states.seen_to >= bracketed.before_at
    left join protection as after_states
        on
            after_states.instance = bracketed.instance
            and after_states.repository_id = bracketed.repository_id
            and after_states.branch = bracketed.branch
            and after_states.seen_from <= bracketed.after_at
            and after_states.seen_to >= bracketed.after_at

),

classic_demands as (

    select
        item_key,
        case
            when not is_close or not (is_seen_before or is_seen_after) then null
            when not is_seen_before then approvals_after
            when not is_seen_after then approvals_before
            when approvals_before = approvals_after then approvals_before
        end as required_approvals,
        case
            when not is_close or not (is_seen_before or is_seen_after) then null
            when not is_seen_before then checks_after
            when not is_seen_after then checks_before
            when checks_before = checks_after then checks_before
        end as required_checks
    from classic

),

-- a check that classic protection once required: whether its removal was approved, no ticket can say
classic_histories as (

    select distinct changes.item_key
    from changes
    inner join protection
        on
            protection.instance = changes.instance
            and protection.repository_id = changes.repository_id
            and protection.branch = changes.branch
            and protection.seen_from <= changes.occurred_at
            and coalesce(protection.required_checks, '[]') <> '[]'

),

policies_in_force as (

    select
        changes.item_key,
        policies.required_approvals,
        policies.requires_ticket,
        policies.requires_change_request_resolution
    from changes
    inner join policies
        on
            policies.repository_id = changes.repository_id
            and policies.valid_from <= changes.occurred_on
            and (policies.valid_to is null or changes.occurred_on <= policies.valid_to)
            and (policies.gone_at is null or changes.occurred_at < policies.gone_at)
    qualify row_number() over (partition by changes.item_key order by policies.valid_from desc) = 1

),

collected as (

    select
        changes.item_key,
        max(case when covered_intervals.source = 'jira' then 1 else 0 end) = 1 as has_tickets,
        max(case when covered_intervals.source = 'registers' then 1 else 0 end) = 1 as has_registers,
        max(case when covered_intervals.resource = 'deployments' then 1 else 0 end) = 1 as has_deployments
    from changes
    inner join covered_intervals
        on
            changes.occurred_at >= covered_intervals.covered_from
            and changes.occurred_at < covered_intervals.covered_to
            and (
                (covered_intervals.source = 'jira' and covered_intervals.resource = 'issues')
                or (covered_intervals.source = 'registers' and covered_intervals.resource = 'functional_checks')
                or (covered_intervals.instance = changes.instance and covered_intervals.resource = 'deployments')
            )
    group by changes.item_key

),

final as (

    select
        changes.item_key,
        ruleset_snapshots.last_collected_at is not null
        and ruleset_snapshots.last_collected_at >= changes.occurred_at
        and unknown_rulesets.item_key is null as is_ruleset_history_known,
        coalesce(ruleset_demands.rulesets, 0) as rulesets_in_force,
        coalesce(ruleset_demands.required_approvals, 0) as ruleset_required_approvals,
        classic_demands.required_approvals as classic_required_approvals,
        classic_demands.required_checks as classic_required_checks,
        classic_histories.item_key is not null as has_had_classic_checks,
        coalesce(policies_in_force.required_approvals, 0) as policy_required_approvals,
        coalesce(policies_in_force.requires_ticket, false) as requires_ticket,
        coalesce(policies_in_force.requires_change_request_resolution, true) as requires_change_request_resolution,
        case
            when
                ruleset_snapshots.last_collected_at >= changes.occurred_at
                and unknown_rulesets.item_key is null
                and classic_demands.required_approvals is not null
                then greatest(
                    coalesce(ruleset_demands.required_approvals, 0),
                    classic_demands.required_approvals,
                    coalesce(policies_in_force.required_approvals, 0)
                )
        end as required_approvals,
        coalesce(collected.has_tickets, false) as has_tickets_collected,
        coalesce(collected.has_registers, false) as has_registers_collected,
        coalesce(collected.has_deployments, false) as has_deployments_collected
    from changes
    left join ruleset_snapshots on ruleset_snapshots.instance = changes.instance
    left join unknown_rulesets on unknown_rulesets.item_key = changes.item_key
    left join ruleset_demands on ruleset_demands.item_key = changes.item_key
    left join classic_demands on classic_demands.item_key = changes.item_key
    left join classic_histories on classic_histories.item_key = changes.item_key
    left join policies_in_force on policies_in_force.item_key = changes.item_key
    left join collected on collected.item_key = changes.item_key

)

select * from final
