with records as (

    select * from {{ latest_records('raw_okta', 'apps') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as app_id,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_text('payload', '$.label') }} as label,
        {{ json_text('payload', '$.status') }} as status,
        {{ json_text('payload', '$.signOnMode') }} as sign_on_mode,
        {{ json_timestamp('payload', '$.created') }} as created_at,
        {{ json_timestamp('payload', '$.lastUpdated') }} as last_updated_at,
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
