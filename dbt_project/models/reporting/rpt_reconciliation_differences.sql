-- Every item on one side of a reconciliation only, with what the register says about it.
with differences as (

    select * from {{ ref('int_reconciliation_differences') }}

),

explanations as (

    select * from {{ ref('int_reconciliation_explanations') }}

),

final as (

    select
        differences.control_id,
        differences.reconciliation,
        differences.item_key,
        differences.side,
        explanations.evidence_ref as explanation,
        explanations.explained_by,
        explanations.approved_by,
        explanations.first_collected_at
    from differences
    left join explanations
        on
            explanations.control_id = differences.control_id
            and explanations.reconciliation = differences.reconciliation
            and explanations.item_key = differences.item_key

)

select * from final
