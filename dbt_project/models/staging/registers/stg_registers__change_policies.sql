with records as (

    select * from {{ latest_records('raw_registers', 'change_policies') }} as records

),

final as (

    select
        {{ json_text('payload', '$.repository_id') }} as repository_id,
        {{ json_date('payload', '$.valid_from') }} as valid_from,
        {{ json_bool('payload', '$.requires_ticket') }} as requires_ticket,
        {{ json_bigint('payload', '$.required_approvals') }} as required_approvals,
        {{ json_bool('payload', '$.requires_change_request_resolution') }} as requires_change_request_resolution,
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
