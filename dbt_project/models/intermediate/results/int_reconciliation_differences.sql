-- Every item that stands on one side of a reconciliation only. A new control adds its differences here.
with final as (

    {{ union_models(
        [
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
