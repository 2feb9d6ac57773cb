with

records as (

    select * from {{ latest_records('raw_git', 'first_parent_commits') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.repository_id') }} as repository_id,
        {{ json_text('payload', '$.branch') }} as branch,
        {{ json_text('payload', '$.sha') }} as sha,
        {{ json_bigint('payload', '$.position') }} as position,
        {{ json_text('payload', '$.tree') }} as tree,
        {{ json_text('payload', '$.parents[0]') }} as first_parent_sha,
        {{ json_text('payload', '$.parents[1]') }} as second_parent_sha,
        {{ json_text('payload', '$.author_name') }} as author_name,
        {{ json_text('payload', '$.author_email') }} as author_email,
        {{ json_timestamp('payload', '$.authored_at') }} as authored_at,
        {{ json_text('payload', '$.committer_name') }} as committer_name,
        {{ json_text('payload', '$.committer_email') }} as committer_email,
        {{ json_timestamp('payload', '$.committed_at') }} as committed_at,
        {{ json_text('payload', '$.subject') }} as subject,
        {{ json_text('payload', '$.co_authors') }} as co_authors,
        {{ json_text('payload', '$.patch_id') }} as patch_id,
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
