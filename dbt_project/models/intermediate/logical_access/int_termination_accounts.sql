-- Every account of every leaver of the period, followed from the termination to its removal, to a rehire or to the evidence cutoff: what
-- was the leaver's on the last day, or is said to have become it since. Not an account that stood in the register of service accounts then;
-- one that was entered there later was the leaver's.
with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null

),

accounts as (

    select * from {{ ref('int_accounts') }}
    where native_kind in ('human', 'guest')

),

stretches as (

    select * from {{ ref('int_account_people') }}

),

registrations as (

    select * from {{ ref('int_account_registrations') }}
    where is_certain

),

usability as (

    select * from {{ ref('int_account_usability') }}

),

systems as (

    select * from {{ ref('int_access_systems') }}

),

held as (

    select distinct
        terminations.item_key,
        stretches.account_key
    from terminations
    inner join stretches
        on
            stretches.person_id = terminations.person_id
            and (stretches.valid_from is null or stretches.valid_from < terminations.horizon_at)
            and (stretches.valid_to is null or stretches.valid_to > {{ start_of_day('terminations.terminated_on', 'terminations.zone') }})

),

non_human as (

    select distinct
        held.item_key,
        held.account_key
    from held
    inner join terminations
        on terminations.item_key = held.item_key
    inner join registrations
        on
            registrations.account_key = held.account_key
            and registrations.registered_from <= coalesce(terminations.terminated_at, terminations.occurred_at)
            and (registrations.registered_to is null or registrations.registered_to > coalesce(terminations.terminated_at, terminations.occurred_at))

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
        accounts.native_kind as account_kind,
        accounts.resolution,
        accounts.is_privileged,
        usability.active_from,
        usability.active_to,
        usability.suspended_from,
        usability.not_deactivated_until,
        usability.end_evidence,
        usability.observed_until,
        case when usability.disabled_at <= terminations.horizon_at then usability.disabled_at end as disabled_at,
        case when usability.proven_until <= terminations.horizon_at then usability.proven_until end as proven_until,
        {{ threshold('LA-04', 'suspend_days', 'terminations.terminated_on') }} as suspend_days
    from terminations
    inner join held
        on held.item_key = terminations.item_key
    inner join accounts
        on accounts.account_key = held.account_key
    left join non_human
        on non_human.item_key = held.item_key and non_human.account_key = held.account_key
    inner join systems
        on systems.instance = accounts.instance
    inner join usability
        on usability.account_key = accounts.account_key and usability.active_from < terminations.horizon_at
    where non_human.account_key is null

),

placed as (

    select
        *,
        case
            when active_from > terminated_at then 'after'
            when disabled_at <= terminated_at then 'before'
            else 'across'
        end as place
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
        max(coalesce(disabled_at, horizon_at)) over (partition by item_key, account_key) as last_usable_at,
        max(case when disabled_at is null then 1 else 0 end) over (partition by item_key, account_key) = 1 as is_active_at_horizon
    from placed

),

followed as (

    select
        *,
        lead(active_from) over (
            partition by item_key, account_key, place = 'after' or choice = 1 order by active_from
        ) as later_from
    from ranked

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
        case when later_from >= disabled_at then later_from end as reactivated_at,
        is_active_at_horizon,
        greatest(terminated_at, last_usable_at) as usable_until,
        observed_until
    from followed
    where choice = 1

)

select * from final
