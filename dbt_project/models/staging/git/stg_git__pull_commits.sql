with

records as (

    select * from {{ latest_records('raw_git', 'pull_commits') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.repository_id') }} as repository_id,
        {{ json_bigint('payload', '$.number') }} as number,
        {{ json_text('payload', '$.sha') }} as sha,
        {{ json_text('payload', '$.tree') }} as tree,
        {{ json_text('payload', '$.parents[0]') }} as first_parent_sha,
        {{ json_text('payload', '$.parents[1]') }} as second_parent_sha,
        {{ json_bool('payload', '$.is_head') }} as is_head,
        {{ json_text('payload', '$.merge_base') }} as merge_base,
        {{ json_text('payload', '$.cumulative_patch_id') }} as cumulative_patch_id,
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
