with records as (

    select * from {{ latest_records('raw_registers', 'reconciliation_explanations') }} as records

),

final as (

    select
        {{ json_text('payload', '$.control_id') }} as control_id,
        {{ json_text('payload', '$.reconciliation') }} as reconciliation,
        {{ json_text('payload', '$.item_key') }} as item_key,
        {{ json_text('payload', '$.explained_by') }} as explained_by,
        {{ json_text('payload', '$.evidence_ref') }} as evidence_ref,
        {{ json_text('payload', '$.approved_by') }} as approved_by,
        {{ json_timestamp('payload', '$.approved_at') }} as approved_at,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
