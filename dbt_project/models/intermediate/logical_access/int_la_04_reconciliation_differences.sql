with items as (

    select * from {{ ref('int_la_04_reconciliation_items') }}

),

final as (

    select
        'LA-04' as control_id,
        reconciliation,
        item_key,
        case when is_left then 'left_only' else 'right_only' end as side
    from items
    where is_left is distinct from is_right

)

select * from final
