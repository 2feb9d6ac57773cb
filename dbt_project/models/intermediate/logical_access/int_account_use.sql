-- Per item of LA-01: the last use, and whether anything is collected that would show a use. An account never used was idle since it began:
-- where only a snapshot shows when, since that one at the least, and since the one before at the most. After the accounts were last
-- listed the account need not have existed any more: those days count at the most only.
with items as (

    select
        items.*,
        {{ local_date(add_seconds('items.evaluated_to', -1), 'engagement.zone') }} as judged_on
    from {{ ref('int_account_items') }} as items
    cross join {{ ref('int_engagement') }} as engagement

),

uses as (

    select * from {{ ref('int_account_sign_ins') }}

),

gaps as (

    select * from {{ ref('int_log_gaps') }}

),

account_lists as (

    select * from {{ ref('int_account_lists') }}

),

thresholds as (

    select
        items.item_key,
        {{ threshold('LA-01', 'dormant_days', 'items.judged_on') }} as dormant_days
    from items

),

instances as (

    select distinct items.instance
    from items
    inner join uses
        on uses.account_key = items.account_key

),

beginnings as (

    select
        items.item_key,
        case when any_value(items.created_at) is not null then any_value(items.active_from) else max(account_lists.previous_at) end as earliest_at
    from items
    left join account_lists
        on account_lists.instance = items.instance and account_lists.collected_at = items.active_from
    group by items.item_key

),

last_uses as (

    select
        items.item_key,
        max(uses.occurred_at) as last_activity_at
    from items
    inner join uses
        on
            uses.account_key = items.account_key
            and uses.occurred_at >= items.active_from
            and uses.occurred_at <= items.evaluated_to
    group by items.item_key

),

final as (

    select
        items.item_key,
        max(last_uses.last_activity_at) as last_activity_at,
        greatest(
            {{ seconds_between('coalesce(max(last_uses.last_activity_at), items.active_from)', 'items.observed_until') }} / 86400, 0
        ) as days_without_activity,
        {{ seconds_between('coalesce(max(last_uses.last_activity_at), max(beginnings.earliest_at))', 'items.evaluated_to') }} / 86400 as days_without_activity_at_most,
        max(thresholds.dormant_days) as dormant_days,
        count(instances.instance) > 0 and count(gaps.instance) = 0 as is_use_collected
    from items
    inner join beginnings
        on beginnings.item_key = items.item_key
    inner join thresholds
        on thresholds.item_key = items.item_key
    left join last_uses
        on last_uses.item_key = items.item_key
    left join instances
        on instances.instance = items.instance
    left join gaps
        on
            gaps.instance = items.instance
            and gaps.gap_from < items.evaluated_to
            and gaps.gap_to > {{ add_seconds('items.evaluated_to', '-86400 * thresholds.dormant_days') }}
    group by items.item_key, items.active_from, items.evaluated_to, items.observed_until

)

select * from final
