with

records as (

    select * from {{ latest_records('raw_github', 'pull_requests') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.databaseId') }} as pull_request_id,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_bigint('payload', '$.number') }} as number,
        {{ json_text('payload', '$.title') }} as title,
        {{ json_text('payload', '$.body') }} as body,
        {{ json_text('payload', '$.url') }} as url,
        {{ json_text('payload', '$.state') }} as state,
        {{ json_bool('payload', '$.isDraft') }} as is_draft,
        {{ json_timestamp('payload', '$.createdAt') }} as created_at,
        {{ json_timestamp('payload', '$.updatedAt') }} as updated_at,
        {{ json_timestamp('payload', '$.mergedAt') }} as merged_at,
        {{ json_text('payload', '$.mergedBy.databaseId') }} as merged_by_id,
        {{ json_text('payload', '$.mergedBy.login') }} as merged_by_login,
        {{ json_text('payload', '$.author.databaseId') }} as author_id,
        {{ json_text('payload', '$.author.login') }} as author_login,
        {{ json_text('payload', '$.mergedBy.__typename') }} as merged_by_type,
        {{ json_text('payload', '$.author.__typename') }} as author_type,
        {{ json_text('payload', '$.baseRefName') }} as base_branch,
        {{ json_text('payload', '$.headRefName') }} as head_branch,
        {{ json_text('payload', '$.headRefOid') }} as head_oid,
        {{ json_bool('payload', '$.isCrossRepository') }} as is_cross_repository,
        {{ json_text('payload', '$.mergeCommit.oid') }} as merge_commit_oid,
        {{ json_text('payload', '$.mergeCommit.parents.nodes[1].oid') }} as merge_commit_second_parent_oid,
        {{ json_text('payload', '$.labels.nodes') }} as labels,
        {{ json_text('payload', '$.files.nodes') }} as files,
        {{ json_bigint('payload', '$.additions') }} as additions,
        {{ json_bigint('payload', '$.deletions') }} as deletions,
        {{ json_bigint('payload', '$.changedFiles') }} as changed_files,
        {{ json_bigint('payload', '$.reviews.totalCount') }} as reviews_total,
        {{ json_bigint('payload', '$.commits.totalCount') }} as commits_total,
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
