-- Every account of every leaver of the period, followed from the termination to its removal, to a rehire or to the evidence cutoff.
with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null

),

accounts as (

    select * from {{ ref('int_accounts') }}
    where account_kind in ('human', 'guest')

),

usability as (

    select * from {{ ref('int_account_usability') }}

),

systems as (

    select * from {{ ref('int_access_systems') }}

),

-- An end beyond the horizon belongs to the next spell: within this one the account was never disabled.
spans as (

    select
        terminations.item_key,
        terminations.terminated_at,
        terminations.due_at,
        terminations.earliest_due_at,
        terminations.high_at,
        terminations.horizon_at,
        terminations.is_due,
        accounts.account_key,
        accounts.system,
        accounts.instance,
        accounts.account_id,
        accounts.login,
        accounts.account_kind,
        accounts.resolution,
        accounts.is_privileged,
        usability.active_from,
        usability.active_to,
        usability.suspended_from,
        usability.not_deactivated_until,
        usability.end_evidence,
        usability.is_end_uncertain,
        usability.observed_until,
        case when usability.disabled_at <= terminations.horizon_at then usability.disabled_at end as disabled_at,
        case when usability.proven_until <= terminations.horizon_at then usability.proven_until end as proven_until,
        {{ threshold('LA-04', 'suspend_days', 'terminations.terminated_on') }} as suspend_days,
    from terminations
    inner join accounts
        on accounts.person_id = terminations.person_id
    inner join systems
        on systems.instance = accounts.instance
    inner join usability
        on usability.account_key = accounts.account_key and usability.active_from < terminations.horizon_at

),

placed as (

    select
        *,
        case
            when active_from > terminated_at then 'after'
            when disabled_at <= terminated_at then 'before'
            else 'across'
        end as place,
    from spans

),

-- The interval that the termination had to end: the one across it, else the last before it, else the first after it.
ranked as (

    select
        *,
        row_number() over (
            partition by item_key, account_key
            order by
                case place when 'across' then 1 when 'before' then 2 else 3 end,
                case when place = 'before' then active_from end desc,
                active_from
        ) as choice,
        min(case when place = 'after' then active_from end) over (partition by item_key, account_key) as later_from,
        max(coalesce(disabled_at, horizon_at)) over (partition by item_key, account_key) as last_usable_at,
        max(case when disabled_at is null then 1 else 0 end) over (partition by item_key, account_key) = 1 as is_active_at_horizon,
    from placed

),

final as (

    select
        item_key,
        account_key,
        system,
        instance,
        account_id,
        login,
        account_kind,
        resolution,
        is_privileged,
        terminated_at,
        due_at,
        earliest_due_at,
        high_at,
        horizon_at,
        is_due,
        active_from,
        suspended_from,
        case when suspended_from <= horizon_at then {{ add_seconds('greatest(suspended_from, terminated_at)', '86400 * suspend_days') }} end as suspension_due_at,
        not_deactivated_until,
        disabled_at as removed_at,
        case when disabled_at is not null then end_evidence end as removal_evidence,
        proven_until,
        is_end_uncertain,
        case when place <> 'after' and later_from >= disabled_at then later_from end as reactivated_at,
        is_active_at_horizon,
        greatest(terminated_at, last_usable_at) as usable_until,
        observed_until,
    from ranked
    where choice = 1

)

select * from final
