with records as (

    select * from {{ record_intervals('raw_okta', 'api_tokens', by_payload=false) }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as token_id,
        {{ json_text('payload', '$.userId') }} as user_id,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_text('payload', '$.clientName') }} as client_name,
        {{ json_timestamp('payload', '$.created') }} as created_at,
        {{ json_timestamp('payload', '$.expiresAt') }} as expires_at,
        {{ json_timestamp('payload', '$.lastUpdated') }} as last_updated_at,
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
