with records as (

    select * from {{ latest_records('raw_itgc', 'detections') }} as records

),

final as (

    select
        {{ json_text('payload', '$.exception_id') }} as exception_id,
        {{ json_timestamp('payload', '$.first_detected_at') }} as first_detected_at,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        versions
    from records

)

select * from final
