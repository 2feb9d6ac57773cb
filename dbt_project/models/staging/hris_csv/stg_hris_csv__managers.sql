with records as (

    select * from {{ latest_records('raw_hris_csv', 'managers') }} as records

),

final as (

    select
        {{ json_text('payload', '$.worker_id') }} as worker_id,
        {{ json_text('payload', '$.manager_worker_id') }} as manager_worker_id,
        {{ json_date('payload', '$.valid_from') }} as valid_from,
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
