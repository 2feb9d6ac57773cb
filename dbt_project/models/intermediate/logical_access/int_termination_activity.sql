-- Per account of a leaver: what it still did, and whether the log of that time was collected at all.
with accounts as (

    select * from {{ ref('int_termination_accounts') }}

),

activity as (

    select * from {{ ref('int_account_activity') }}

),

gaps as (

    select * from {{ ref('int_log_gaps') }}

),

late_activity as (

    select
        accounts.item_key,
        accounts.account_key,
        count(case when activity.occurred_at > accounts.due_at then 1 end) as activity_after_due,
        count(case when activity.kind = 'interactive' and activity.occurred_at > accounts.terminated_at then 1 end) as sessions_after_termination,
        max(activity.occurred_at) as last_activity_at
    from accounts
    inner join activity
        on activity.account_key = accounts.account_key and activity.occurred_at < accounts.horizon_at
    group by accounts.item_key, accounts.account_key

),

unseen as (

    select distinct
        accounts.item_key,
        accounts.account_key
    from accounts
    inner join gaps
        on
            gaps.instance = accounts.instance
            and gaps.gap_from < accounts.usable_until
            and gaps.gap_to > accounts.terminated_at

),

final as (

    select
        accounts.item_key,
        accounts.account_key,
        coalesce(late_activity.activity_after_due, 0) as activity_after_due,
        coalesce(late_activity.sessions_after_termination, 0) as sessions_after_termination,
        late_activity.last_activity_at,
        unseen.item_key is null as is_log_complete
    from accounts
    left join late_activity
        on late_activity.item_key = accounts.item_key and late_activity.account_key = accounts.account_key
    left join unseen
        on unseen.item_key = accounts.item_key and unseen.account_key = accounts.account_key

)

select * from final
