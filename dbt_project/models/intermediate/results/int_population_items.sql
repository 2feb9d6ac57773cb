-- The common columns of every population. A new control adds its mart here.
with final as (

    {{ union_models(
        [
            ref('la_01__accounts'),
            ref('la_03__access_grants'),
            ref('la_04__terminations'),
            ref('cm_01__code_changes'),
            ref('cm_02__tested_changes'),
        ],
        {
            'control_id': 'string',
            'item_key': 'string',
            'system': 'string',
            'instance': 'string',
            'occurred_at': instant_type(),
            'occurred_on': 'date',
            'status': 'string',
            'rules_failed': 'string',
            'rules_not_testable': 'string',
            'rules_not_applicable': 'string',
            'evidence_url': 'string',
        },
    ) }}

)

select * from final
