-- Every reconciliation of a population with another source. A new control adds its reconciliations here.
with final as (

    {{ union_models(
        [
            ref('int_la_01_reconciliations'),
            ref('int_la_03_reconciliations'),
            ref('int_la_04_reconciliations'),
            ref('int_cm_01_reconciliations'),
            ref('int_cm_02_reconciliations'),
        ],
        {
            'control_id': 'string',
            'reconciliation': 'string',
            'left_source': 'string',
            'right_source': 'string',
            'independence': 'string',
            'expected': 'bigint',
            'actual': 'bigint',
            'difference': 'bigint',
        },
    ) }}

)

select * from final
