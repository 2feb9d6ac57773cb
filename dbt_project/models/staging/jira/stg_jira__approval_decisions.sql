with records as (

    select * from {{ latest_records('raw_jira', 'approvals') }} as records

),

final as (

    select
        {{ json_text('records.payload', '$.id') }} as approval_id,
        {{ json_text('records.payload', '$._context.issue_id') }} as issue_id,
        {{ json_text('records.payload', '$._context.issue_key') }} as issue_key,
        cast(approver.item_no as bigint) as approver_no,
        {{ json_text('approver.item', '$.approver.accountId') }} as approver_account_id,
        {{ json_text('approver.item', '$.approver.emailAddress') }} as approver_email,
        {{ json_text('approver.item', '$.approver.displayName') }} as approver_name,
        {{ json_text('approver.item', '$.approverDecision') }} as decision,
        {{ json_timestamp('records.payload', '$.completedDate.iso8601') }} as decided_at,
        records.instance,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from records
    {{ json_items('records.payload', '$.approvers', 'approver') }}

)

select * from final
