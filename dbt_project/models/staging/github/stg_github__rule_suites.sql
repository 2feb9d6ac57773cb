with

records as (

    select * from {{ latest_records('raw_github', 'rule_suites') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.id') }} as rule_suite_id,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$.actor_id') }} as actor_id,
        {{ json_text('payload', '$.actor_name') }} as actor_login,
        {{ json_text('payload', '$.before_sha') }} as before_sha,
        {{ json_text('payload', '$.after_sha') }} as after_sha,
        {{ json_text('payload', '$.ref') }} as ref,
        {{ json_timestamp('payload', '$.pushed_at') }} as pushed_at,
        {{ json_text('payload', '$.result') }} as result,
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
