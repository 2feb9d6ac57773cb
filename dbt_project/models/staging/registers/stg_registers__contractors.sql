with records as (

    select * from {{ latest_records('raw_registers', 'contractors') }} as records

),

final as (

    select
        {{ json_text('payload', '$.contractor_id') }} as contractor_id,
        {{ json_date('payload', '$.contract_start') }} as contract_start,
        {{ json_text('payload', '$.display_name') }} as display_name,
        {{ json_text('payload', '$.email') }} as email,
        {{ json_text('payload', '$.sponsor_worker_id') }} as sponsor_worker_id,
        {{ json_date('payload', '$.contract_end') }} as contract_end,
        {{ json_date('payload', '$.extended_to') }} as extended_to,
        {{ json_date('payload', '$.terminated_at') }} as terminated_on,
        {{ zoned_text_to_instant(json_text('payload', '$.terminated_at'), json_text('payload', '$.zone')) }} as terminated_at,
        {{ zoned_text_to_instant(json_text('payload', '$.recorded_at'), json_text('payload', '$.zone'), date_is_last_second=true) }} as recorded_at,
        {{ json_text('payload', '$.zone') }} as zone,
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
