-- The explanations that stand in the register. One counts only when somebody else than the explainer approved it.
with explanations as (

    select * from {{ ref('stg_registers__reconciliation_explanations') }}
    where gone_at is null

),

final as (

    select
        control_id,
        reconciliation,
        item_key,
        explained_by,
        evidence_ref,
        approved_by,
        approved_at,
        first_collected_at,
        coalesce(
            approved_at is not null and lower(trim(approved_by)) <> lower(trim(explained_by)),
            false
        ) as is_approved
    from explanations

)

select * from final
