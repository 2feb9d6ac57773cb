with

records as (

    select * from {{ latest_records('raw_github', 'pull_request_commits') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$._context.pull_request_id') }} as pull_request_id,
        {{ json_bigint('payload', '$._context.position') }} as position,
        {{ json_text('payload', '$.oid') }} as oid,
        {{ json_timestamp('payload', '$.authoredDate') }} as authored_at,
        {{ json_timestamp('payload', '$.committedDate') }} as committed_at,
        {{ json_text('payload', '$.message') }} as message,
        {{ json_text('payload', '$.authors.nodes') }} as authors,
        {{ json_text('payload', '$.committer.name') }} as committer_name,
        {{ json_text('payload', '$.committer.email') }} as committer_email,
        {{ json_text('payload', '$.committer.user.databaseId') }} as committer_id,
        {{ json_text('payload', '$.committer.user.login') }} as committer_login,
        {{ json_text('payload', '$.parents.nodes[0].oid') }} as first_parent_oid,
        {{ json_text('payload', '$.parents.nodes[1].oid') }} as second_parent_oid,
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
