-- agrees: nothing on one side only; explained: every difference is explained in the register and approved there by somebody else;
-- else open.
with reconciliations as (

    select * from {{ ref('int_reconciliations') }}

),

differences as (

    select * from {{ ref('int_reconciliation_differences') }}

),

explanations as (

    select * from {{ ref('int_reconciliation_explanations') }}
    where is_approved

),

explained as (

    select
        differences.control_id,
        differences.reconciliation,
        count(*) as differences,
        count(explanations.item_key) as explained,
        {{ sorted_list('explanations.explained_by', '; ') }} as explained_by,
        {{ sorted_list('explanations.evidence_ref', '; ') }} as evidence_ref,
        {{ sorted_list('explanations.approved_by', '; ') }} as approved_by,
        max(explanations.approved_at) as approved_at
    from differences
    left join explanations
        on
            explanations.control_id = differences.control_id
            and explanations.reconciliation = differences.reconciliation
            and explanations.item_key = differences.item_key
    group by differences.control_id, differences.reconciliation

),

final as (

    select
        reconciliations.control_id,
        reconciliations.reconciliation,
        reconciliations.left_source,
        reconciliations.right_source,
        reconciliations.independence,
        reconciliations.expected,
        reconciliations.actual,
        reconciliations.difference,
        coalesce(explained.explained, 0) as explained,
        explained.explained_by,
        explained.evidence_ref,
        explained.approved_by,
        explained.approved_at,
        case
            when reconciliations.difference is null then 'open'
            when reconciliations.difference = 0 and coalesce(explained.differences, 0) = 0 then 'agrees'
            when explained.explained = explained.differences and explained.differences >= abs(reconciliations.difference) then 'explained'
            else 'open'
        end as result
    from reconciliations
    left join explained
        on explained.control_id = reconciliations.control_id and explained.reconciliation = reconciliations.reconciliation

)

select * from final
