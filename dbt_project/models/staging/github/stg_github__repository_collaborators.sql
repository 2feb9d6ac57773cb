with

records as (

    select * from {{ latest_records('raw_github', 'repository_collaborators') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$.id') }} as user_id,
        {{ json_text('payload', '$.login') }} as login,
        {{ json_text('payload', '$.type') }} as user_type,
        {{ json_text('payload', '$.role_name') }} as role_name,
        {{ json_bool('payload', '$.permissions.pull') }} as can_pull,
        {{ json_bool('payload', '$.permissions.triage') }} as can_triage,
        {{ json_bool('payload', '$.permissions.push') }} as can_push,
        {{ json_bool('payload', '$.permissions.maintain') }} as can_maintain,
        {{ json_bool('payload', '$.permissions.admin') }} as can_admin,
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
