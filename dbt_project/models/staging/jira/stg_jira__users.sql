with records as (

    select * from {{ latest_records('raw_jira', 'users') }} as records

),

final as (

    select
        {{ json_text('payload', '$.accountId') }} as account_id,
        {{ json_text('payload', '$.displayName') }} as display_name,
        {{ json_text('payload', '$.emailAddress') }} as email,
        {{ json_bool('payload', '$.active') }} as is_active,
        {{ json_text('payload', '$.accountType') }} as account_type,
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
