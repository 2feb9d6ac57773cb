with

records as (

    select * from {{ latest_records('raw_git', 'branch_heads') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.repository_id') }} as repository_id,
        {{ json_text('payload', '$.branch') }} as branch,
        {{ json_text('payload', '$.head') }} as head,
        {{ json_text('payload', '$.previous_head') }} as previous_head,
        {{ json_bool('payload', '$.is_descendant') }} as is_descendant,
        {{ json_text('payload', '$.lost_commits') }} as lost_commits,
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
