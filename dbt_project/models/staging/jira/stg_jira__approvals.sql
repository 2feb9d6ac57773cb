with records as (

    select * from {{ latest_records('raw_jira', 'approvals') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as approval_id,
        {{ json_text('payload', '$._context.issue_id') }} as issue_id,
        {{ json_text('payload', '$._context.issue_key') }} as issue_key,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_text('payload', '$.finalDecision') }} as final_decision,
        {{ json_timestamp('payload', '$.createdDate.iso8601') }} as created_at,
        {{ json_timestamp('payload', '$.completedDate.iso8601') }} as completed_at,
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
