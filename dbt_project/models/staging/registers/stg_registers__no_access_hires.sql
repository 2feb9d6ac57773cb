with records as (

    select * from {{ latest_records('raw_registers', 'no_access_hires') }} as records

),

final as (

    select
        {{ json_text('payload', '$.person_id') }} as person_id,
        {{ json_text('payload', '$.reason') }} as reason,
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
