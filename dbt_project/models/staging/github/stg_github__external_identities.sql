with

records as (

    select * from {{ latest_records('raw_github', 'external_identities') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.guid') }} as guid,
        {{ json_text('payload', '$.user.databaseId') }} as user_id,
        {{ json_text('payload', '$.user.login') }} as login,
        {{ json_text('payload', '$.samlIdentity.nameId') }} as saml_name_id,
        {{ json_text('payload', '$.samlIdentity.username') }} as saml_username,
        {{ json_text('payload', '$.samlIdentity.emails[0].value') }} as saml_email,
        {{ json_text('payload', '$.scimIdentity.username') }} as scim_username,
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
