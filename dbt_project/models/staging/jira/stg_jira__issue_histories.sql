with records as (

    select * from {{ latest_records('raw_jira', 'issue_changelog') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as history_id,
        {{ json_text('payload', '$._context.issue_id') }} as issue_id,
        {{ json_text('payload', '$.author.accountId') }} as author_account_id,
        {{ json_timestamp('payload', '$.created') }} as changed_at,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        versions
    from records

)

select * from final
