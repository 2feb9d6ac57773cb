with records as (

    select * from {{ latest_records('raw_registers', 'birthright_rules') }} as records

),

final as (

    select
        {{ json_text('payload', '$.rule_id') }} as rule_id,
        {{ json_text('payload', '$.version') }} as version,
        {{ json_text('payload', '$.system') }} as system,
        {{ json_text('payload', '$.instance') }} as system_instance,
        {{ json_text('payload', '$.kind') }} as kind,
        {{ json_text('payload', '$.external_id') }} as external_id,
        {{ json_text('payload', '$.criterion_field') }} as criterion_field,
        {{ json_text('payload', '$.criterion_value') }} as criterion_value,
        {{ json_text('payload', '$.approved_by_worker_id') }} as approved_by_worker_id,
        {{ json_timestamp('payload', '$.approved_at') }} as approved_at,
        {{ json_timestamp('payload', '$.active_from') }} as active_from,
        {{ json_timestamp('payload', '$.active_to') }} as active_to,
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
