with records as (

    select * from {{ record_intervals('raw_okta', 'app_users', by_payload=false) }} as records

),

final as (

    select
        {{ json_text('payload', '$._context.app_id') }} as app_id,
        {{ json_text('payload', '$.id') }} as user_id,
        {{ json_text('payload', '$.credentials.userName') }} as app_username,
        {{ json_text('payload', '$.scope') }} as scope,
        {{ json_text('payload', '$.status') }} as status,
        {{ json_text('payload', '$.externalId') }} as external_id,
        {{ json_timestamp('payload', '$.created') }} as created_at,
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
