with

items as (

    select * from {{ ref('int_cm_01_reconciliation_items') }}

),

final as (

    select
        'CM-01' as control_id,
        reconciliation,
        item_key,
        case when is_left then 'left_only' else 'right_only' end as side
    from items
    where is_left is distinct from coalesce(is_right, false)

)

select * from final
