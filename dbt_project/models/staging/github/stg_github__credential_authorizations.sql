with

records as (

    select * from {{ latest_records('raw_github', 'credential_authorizations') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.credential_id') }} as credential_id,
        {{ json_text('payload', '$.login') }} as login,
        {{ json_text('payload', '$.credential_type') }} as credential_type,
        {{ json_text('payload', '$.token_last_eight') }} as token_last_eight,
        {{ json_text('payload', '$.fingerprint') }} as fingerprint,
        {{ json_text('payload', '$.scopes') }} as scopes,
        {{ json_timestamp('payload', '$.credential_authorized_at') }} as authorized_at,
        {{ json_timestamp('payload', '$.credential_accessed_at') }} as last_accessed_at,
        {{ json_text('payload', '$.authorized_credential_id') }} as authorized_credential_id,
        {{ json_text('payload', '$.authorized_credential_title') }} as title,
        {{ json_text('payload', '$.authorized_credential_note') }} as note,
        {{ json_timestamp('payload', '$.authorized_credential_expires_at') }} as expires_at,
        record_key,
        payload_sha256,
        collection_id,
        collected_at,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
