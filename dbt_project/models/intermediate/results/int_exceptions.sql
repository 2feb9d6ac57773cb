-- Every failed rule of every item. A new control adds its exceptions view here.
with final as (

    {{ union_models(
        [
            ref('exc_la_01'),
            ref('exc_la_03'),
            ref('exc_la_04'),
            ref('exc_cm_01'),
            ref('exc_cm_02'),
        ],
        {
            'control_id': 'string',
            'rule_id': 'string',
            'item_key': 'string',
            'severity': 'string',
            'occurred_at': instant_type(),
            'description': 'string',
        },
    ) }}

)

select * from final
