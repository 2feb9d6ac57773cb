with records as (

    select * from {{ latest_records('raw_registers', 'path_rules') }} as records

),

final as (

    select
        {{ json_text('payload', '$.repository_id') }} as repository_id,
        {{ json_text('payload', '$.check_name') }} as check_name,
        {{ json_text('payload', '$.path_prefix') }} as path_prefix,
        {{ json_date('payload', '$.valid_from') }} as valid_from,
        {{ json_text('payload', '$.approved_by_worker_id') }} as approved_by_worker_id,
        {{ json_timestamp('payload', '$.approved_at') }} as approved_at,
        {{ json_date('payload', '$.valid_to') }} as valid_to,
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
