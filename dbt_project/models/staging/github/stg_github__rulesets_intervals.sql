with

records as (

    select * from {{ record_intervals('raw_github', 'rulesets') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$.id') }} as ruleset_id,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_text('payload', '$.source_type') }} as source_type,
        {{ json_text('payload', '$.source') }} as source,
        {{ json_text('payload', '$.enforcement') }} as enforcement,
        {{ json_text('payload', '$.target') }} as target,
        {{ json_text('payload', '$.conditions.ref_name.include') }} as included_refs,
        {{ json_text('payload', '$.conditions.ref_name.exclude') }} as excluded_refs,
        {{ json_text('payload', '$.rules') }} as rules,
        {{ json_text('payload', '$.bypass_actors') }} as bypass_actors,
        {{ json_timestamp('payload', '$.created_at') }} as created_at,
        {{ json_timestamp('payload', '$.updated_at') }} as updated_at,
        record_key,
        payload_sha256,
        collection_id,
        collected_at,
        seen_from,
        seen_to,
        gone_at
    from records

)

select * from final
