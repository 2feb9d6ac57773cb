with records as (

    select * from {{ record_intervals('raw_registers', 'thresholds') }} as records

),

final as (

    select
        {{ json_text('payload', '$.control_id') }} as control_id,
        {{ json_text('payload', '$.parameter') }} as parameter,
        {{ json_date('payload', '$.effective_from') }} as effective_from,
        {{ json_double('payload', '$.value') }} as value,
        {{ json_text('payload', '$.changed_by') }} as changed_by,
        {{ json_timestamp('payload', '$.changed_at') }} as changed_at,
        {{ json_text('payload', '$.approved_by') }} as approved_by,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        seen_from,
        seen_to,
        gone_at
    from records

)

select * from final
