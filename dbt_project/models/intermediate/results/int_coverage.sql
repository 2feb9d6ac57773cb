-- Every interval in which a control was expected to operate. A new control adds its intervals here.
with final as (

    {{ union_models(
        [
            ref('int_la_01_coverage'),
            ref('int_la_03_coverage'),
            ref('int_la_04_coverage'),
            ref('int_cm_01_coverage'),
            ref('int_cm_02_coverage'),
        ],
        {
            'control_id': 'string',
            'interval_start': instant_type(),
            'interval_end': instant_type(),
            'expected': 'bigint',
            'actual': 'bigint',
            'collected': 'boolean',
            'status': 'string',
            'gap_cause': 'string',
        },
    ) }}

)

select * from final
