-- Every item that stands on one side of a reconciliation only. A new control adds its differences here.
with final as (

    {{ union_models(
        [
            ref('int_la_01_reconciliation_differences'),
            ref('int_la_03_reconciliation_differences'),
            ref('int_la_04_reconciliation_differences'),
            ref('int_cm_01_reconciliation_differences'),
            ref('int_cm_02_reconciliation_differences'),
        ],
        {
            'control_id': 'string',
            'reconciliation': 'string',
            'item_key': 'string',
            'side': 'string',
        },
    ) }}

)

select * from final
