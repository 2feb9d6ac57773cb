-- Per item of LA-01 that is a break-glass account: whether a log that shows its uses was collected all the time, and whether requests were.
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

    select count(*) > 0 as is_collected
    from {{ ref('stg_ledger__collections') }}
    where source = 'jira' and resource = 'issues' and kind = 'committed' and permission not in ('denied', 'not_available')

),

final as (

    select
        items.item_key,
        count(instances.instance) > 0 and count(gaps.instance) = 0 as is_log_complete,
        bool_and(requests.is_collected) as is_request_collected
    from items
    cross join requests
    left join instances
        on instances.instance = items.instance
    left join gaps
        on gaps.instance = items.instance and gaps.gap_from < items.evaluated_to and gaps.gap_to > items.occurred_at
    group by items.item_key

)

select * from final
