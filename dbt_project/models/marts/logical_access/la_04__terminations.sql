with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null

),

accounts as (

    select * from {{ ref('la_04__terminations__accounts') }}

),

unmatched as (

    select
        item_key,
        count(distinct account_key) as unmatched_accounts
    from {{ ref('int_unmatched_accounts') }}
    group by item_key

),

secrets as (

    select * from {{ ref('int_termination_secrets') }}

),

unobserved as (

    select * from {{ ref('int_termination_unobserved') }}

),

collections as (

    select
        count(*) > 0 as is_secret_register_collected
    from {{ ref('stg_ledger__collections') }}
    where source = 'registers' and resource = 'shared_secrets' and kind = 'committed' and permission not in ('denied', 'not_available')

),

-- One account that fails fails the termination; else one of which it is not known leaves it open.
rolled_up as (

    select
        item_key,
        count(*) as accounts,
        count(case when is_not_removed then 1 end) as accounts_not_removed,
        count(case when is_late then 1 end) as accounts_late,
        count(case when removed_at < terminated_at then 1 end) as accounts_removed_before,
        max(removed_at) as last_removed_at,
        max(hours_from_termination) as hours_to_last_removal,
        sum(tokens_after_due) as tokens_after_due,
        sum(activity_after_due) as activity_after_due,
        sum(sessions_after_termination) as sessions_after_termination,
        bool_or(is_late_high) as is_late_high,
        count(case when is_not_removed is null then 1 end) as unknown_not_removed,
        count(case when is_late is null then 1 end) as unknown_late,
        count(case when is_active_after then 1 end) as active_after,
        count(case when is_active_after is null then 1 end) as unknown_active_after,
        count(case when is_reactivated then 1 end) as reactivated_accounts,
        count(case when is_token_left then 1 end) as token_accounts,
        count(case when is_token_left is null then 1 end) as unknown_token,
        count(case when is_suspended_only then 1 end) as suspended_accounts
    from accounts
    group by item_key

),

facts as (

    select
        terminations.*,
        coalesce(rolled_up.accounts, 0) as accounts,
        coalesce(rolled_up.accounts_not_removed, 0) as accounts_not_removed,
        coalesce(rolled_up.accounts_late, 0) as accounts_late,
        coalesce(rolled_up.accounts_removed_before, 0) as accounts_removed_before,
        rolled_up.last_removed_at,
        rolled_up.hours_to_last_removal,
        coalesce(rolled_up.tokens_after_due, 0) as tokens_after_due,
        coalesce(rolled_up.activity_after_due, 0) as activity_after_due,
        coalesce(rolled_up.sessions_after_termination, 0) as sessions_after_termination,
        coalesce(rolled_up.is_late_high, false) as is_late_high,
        coalesce(rolled_up.unknown_not_removed, 0) as unknown_not_removed,
        coalesce(rolled_up.unknown_late, 0) as unknown_late,
        coalesce(rolled_up.active_after, 0) as active_after,
        coalesce(rolled_up.unknown_active_after, 0) as unknown_active_after,
        coalesce(rolled_up.reactivated_accounts, 0) as reactivated_accounts,
        coalesce(rolled_up.token_accounts, 0) as token_accounts,
        coalesce(rolled_up.unknown_token, 0) as unknown_token,
        coalesce(rolled_up.suspended_accounts, 0) as suspended_accounts,
        coalesce(unmatched.unmatched_accounts, 0) as unmatched_accounts,
        coalesce(unobserved.unobserved_instances, 0) as unobserved_systems,
        coalesce(secrets.shared_secrets, 0) as shared_secrets,
        coalesce(secrets.shared_secrets_kept, 0) as shared_secrets_kept,
        collections.is_secret_register_collected,
        terminations.worker_type = 'contractor' as contract_ended__applies,
        terminations.is_recorded as hr_late__applies,
        coalesce(secrets.shared_secrets, 0) > 0 or not collections.is_secret_register_collected as shared_secret_not_rotated__applies
    from terminations
    cross join collections
    left join rolled_up
        on rolled_up.item_key = terminations.item_key
    left join unmatched
        on unmatched.item_key = terminations.item_key
    left join unobserved
        on unobserved.item_key = terminations.item_key
    left join secrets
        on secrets.item_key = terminations.item_key

),

rules as (

    select
        *,
        case
            when accounts_not_removed > 0 then true
            when due_at is null or unmatched_accounts > 0 or unobserved_systems > 0 or unknown_not_removed > 0 then null
            else false
        end as not_removed,
        case
            when accounts_late > 0 then true
            when due_at is null or unmatched_accounts > 0 or unobserved_systems > 0 or unknown_late > 0 then null
            else false
        end as late,
        case
            when active_after > 0 then true
            when due_at is null or unmatched_accounts > 0 or unknown_active_after > 0 then null
            else false
        end as activity_after,
        case
            when reactivated_accounts > 0 then true
            when due_at is null or unmatched_accounts > 0 or unobserved_systems > 0 then null
            else false
        end as reactivated,
        case
            when token_accounts > 0 then true
            when due_at is null or unmatched_accounts > 0 or unknown_token > 0 then null
            else false
        end as token_left,
        case
            when not contract_ended__applies or is_recorded then false
            when accounts_not_removed + accounts_late > 0 then true
            when due_at is null or unmatched_accounts > 0 or unobserved_systems > 0 or unknown_not_removed + unknown_late > 0 then null
            else false
        end as contract_ended,
        case
            when not hr_late__applies then false
            when not is_contradictory then recorded_at > record_due_at
        end as hr_late,
        suspended_accounts > 0 as suspended_only,
        case when is_secret_register_collected then shared_secrets_kept > 0 end as shared_secret_not_rotated
    from facts

),

final as (

    select
        'LA-04' as control_id,
        item_key,
        system,
        instance,
        occurred_at,
        terminated_on as occurred_on,
        {{ item_status('LA-04', due_at='due_at') }} as status,
        {{ rules_failed('LA-04') }} as rules_failed,
        {{ rules_not_testable('LA-04') }} as rules_not_testable,
        {{ rules_not_applicable('LA-04', always=['not_removed', 'late', 'activity_after', 'reactivated', 'token_left', 'suspended_only']) }} as rules_not_applicable,
        cast(null as string) as evidence_url,
        person_id,
        worker_type,
        hired_on,
        terminated_on,
        terminated_at,
        termination_instant,
        is_involuntary,
        is_contradictory,
        recorded_at,
        {{ seconds_between('terminated_at', 'recorded_at') }} / 3600 as hours_to_recording,
        record_due_at,
        due_at,
        rehired_at,
        coalesce(rehired_at <= due_at, false) as is_rehired_before_due,
        horizon_at as followed_until,
        cast(accounts as bigint) as accounts,
        cast(accounts_not_removed as bigint) as accounts_not_removed,
        cast(accounts_late as bigint) as accounts_late,
        cast(accounts_removed_before as bigint) as accounts_removed_before,
        cast(unmatched_accounts as bigint) as unmatched_accounts,
        cast(unobserved_systems as bigint) as unobserved_systems,
        last_removed_at,
        hours_to_last_removal,
        cast(tokens_after_due as bigint) as tokens_after_due,
        cast(activity_after_due as bigint) as activity_after_due,
        cast(sessions_after_termination as bigint) as sessions_after_termination,
        cast(shared_secrets as bigint) as shared_secrets,
        cast(shared_secrets_kept as bigint) as shared_secrets_kept,
        is_late_high,
        not_removed,
        late,
        activity_after,
        reactivated,
        token_left,
        contract_ended,
        hr_late,
        suspended_only,
        shared_secret_not_rotated
    from rules

)

select * from final
