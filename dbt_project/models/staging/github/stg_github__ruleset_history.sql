with

records as (

    select * from {{ latest_records('raw_github', 'ruleset_history') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$._context.ruleset_id') }} as ruleset_id,
        {{ json_text('payload', '$.version_id') }} as version_id,
        {{ json_text('payload', '$.actor.id') }} as actor_id,
        {{ json_text('payload', '$.actor.type') }} as actor_type,
        {{ json_timestamp('payload', '$.updated_at') }} as updated_at,
        {{ json_text('payload', '$.state.name') }} as name,
        {{ json_text('payload', '$.state.enforcement') }} as enforcement,
        {{ json_text('payload', '$.state.target') }} as target,
        {{ json_text('payload', '$.state.conditions.ref_name.include') }} as included_refs,
        {{ json_text('payload', '$.state.conditions.ref_name.exclude') }} as excluded_refs,
        {{ json_text('payload', '$.state.rules') }} as rules,
        {{ json_text('payload', '$.state.bypass_actors') }} as bypass_actors,
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
