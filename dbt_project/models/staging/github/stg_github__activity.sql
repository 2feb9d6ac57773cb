with

records as (

    select * from {{ latest_records('raw_github', 'activity') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.id') }} as activity_id,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$._context.branch') }} as branch,
        {{ json_text('payload', '$.ref') }} as ref,
        {{ json_text('payload', '$.before') }} as before_sha,
        {{ json_text('payload', '$.after') }} as after_sha,
        {{ json_text('payload', '$.activity_type') }} as activity_type,
        {{ json_timestamp('payload', '$.timestamp') }} as occurred_at,
        {{ json_text('payload', '$.actor.id') }} as actor_id,
        {{ json_text('payload', '$.actor.login') }} as actor_login,
        {{ json_text('payload', '$.actor.type') }} as actor_type,
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
