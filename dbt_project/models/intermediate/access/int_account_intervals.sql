-- When an account was active: from its creation, first sighting or reactivation until it was disabled or gone. A suspended account
-- is still an account: its interval goes on, suspended_from says since when.
with observations as (

    select
        *,
        state <> 'off' as is_active,
        case state when 'off' then 0 when 'on' then 1 else 2 end as rank
    from {{ ref('int_account_observations') }}

),

activity as (

    select * from {{ ref('int_account_activity') }}

),

ordered as (

    select
        *,
        row_number() over (partition by account_key order by observed_at nulls last, rank nulls last, evidence nulls last) as position
    from observations

),

marked as (

    select
        *,
        coalesce(lag(is_active) over (partition by account_key order by position nulls last), not is_active) <> is_active as is_turn,
        coalesce(lag(state) over (partition by account_key order by position nulls last), '') <> state as is_change
    from ordered

),

numbered as (

    select
        *,
        sum(case when is_turn then 1 else 0 end) over so_far as block_no,
        max(case when is_change then observed_at end) over so_far as state_since
    from marked
    window so_far as (partition by account_key order by position nulls last rows between unbounded preceding and current row)

),

blocks as (

    select
        account_key,
        block_no,
        bool_or(is_active) as is_active,
        min(observed_at) as first_at,
        max(observed_at) as last_at,
        min(observed_at) filter (where evidence = 'event') as first_event_at,
        {{ max_by('state', 'position') }} as last_state,
        max(state_since) as last_state_since
    from numbered
    group by account_key, block_no

),

sequenced as (

    select
        *,
        lead(first_at) over (partition by account_key order by block_no nulls last) as next_first_at,
        lead(first_event_at) over (partition by account_key order by block_no nulls last) as next_first_event_at
    from blocks

),

intervals as (

    select
        account_key,
        first_at as active_from,
        next_first_at as active_to,
        case when last_state = 'suspended' then last_state_since end as suspended_from,
        case
            -- the log and the status change that a snapshot carries differ by fractions of a second
            when next_first_event_at < {{ add_seconds('next_first_at', 60) }} then 'event'
            when next_first_at is not null then 'snapshot'
        end as ended_by,
        last_at as last_seen_at
    from sequenced
    where is_active

),

final as (

    select
        intervals.account_key,
        intervals.active_from,
        intervals.active_to,
        intervals.suspended_from,
        intervals.ended_by,
        intervals.last_seen_at,
        max(activity.occurred_at) as last_activity_at
    from intervals
    left join activity
        on
            activity.account_key = intervals.account_key
            and activity.occurred_at >= intervals.active_from
            and activity.occurred_at < {{ or_for_ever('intervals.active_to') }}
    group by
        intervals.account_key,
        intervals.active_from,
        intervals.active_to,
        intervals.suspended_from,
        intervals.ended_by,
        intervals.last_seen_at

)

select * from final
