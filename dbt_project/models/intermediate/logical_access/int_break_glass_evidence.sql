-- Per item of LA-01 that is a break-glass account: whether a log that shows its uses was collected all the time, and whether requests were,
-- up to the first use that none covers.
with items as (

    select * from {{ ref('int_account_items') }}
    where account_kind = 'break_glass'

),

instances as (

    select * from {{ ref('int_source_instances') }}
    where source in ('okta', 'github')

),

gaps as (

    select * from {{ ref('int_log_gaps') }}

),

requests as (

    select * from {{ ref('int_evidence_limits') }}

),

unticketed as (

    select
        item_key,
        min(occurred_at) as first_at
    from {{ ref('int_break_glass_uses') }}
    where issue_key is null
    group by item_key

),

final as (

    select
        items.item_key,
        count(instances.instance) > 0 and count(gaps.instance) = 0 as is_log_complete,
        bool_and(requests.requests_known_until is not null and coalesce(unticketed.first_at < requests.requests_known_until, true)) as is_request_collected
    from items
    cross join requests
    left join unticketed
        on unticketed.item_key = items.item_key
    left join instances
        on instances.instance = items.instance
    left join gaps
        on gaps.instance = items.instance and gaps.gap_from < items.evaluated_to and gaps.gap_to > items.occurred_at
    group by items.item_key

)

select * from final
