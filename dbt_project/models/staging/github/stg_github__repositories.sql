with

records as (

    select * from {{ latest_records('raw_github', 'repositories') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.id') }} as repository_id,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_text('payload', '$.full_name') }} as full_name,
        {{ json_text('payload', '$.default_branch') }} as default_branch,
        {{ json_text('payload', '$.visibility') }} as visibility,
        {{ json_bool('payload', '$.private') }} as is_private,
        {{ json_bool('payload', '$.archived') }} as is_archived,
        {{ json_bool('payload', '$.disabled') }} as is_disabled,
        {{ json_bool('payload', '$.fork') }} as is_fork,
        {{ json_text('payload', '$.html_url') }} as url,
        {{ json_timestamp('payload', '$.created_at') }} as created_at,
        {{ json_timestamp('payload', '$.pushed_at') }} as pushed_at,
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
