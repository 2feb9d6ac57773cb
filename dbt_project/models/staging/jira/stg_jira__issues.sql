with records as (

    select * from {{ latest_records('raw_jira', 'issues') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as issue_id,
        {{ json_text('payload', '$.key') }} as issue_key,
        {{ json_text('payload', '$.fields.project.key') }} as project_key,
        {{ json_text('payload', '$.fields.issuetype.name') }} as issue_type,
        {{ json_text('payload', '$.fields.summary') }} as summary,
        {{ json_text('payload', '$.fields.status.id') }} as status_id,
        {{ json_text('payload', '$.fields.status.name') }} as status_name,
        {{ json_text('payload', '$.fields.status.statusCategory.key') }} as status_category,
        {{ json_text('payload', '$.fields.resolution.name') }} as resolution,
        {{ json_text('payload', '$.fields.reporter.accountId') }} as reporter_account_id,
        {{ json_text('payload', '$.fields.creator.accountId') }} as creator_account_id,
        {{ json_text('payload', '$.fields.assignee.accountId') }} as assignee_account_id,
        {{ json_timestamp('payload', '$.fields.created') }} as created_at,
        {{ json_timestamp('payload', '$.fields.updated') }} as updated_at,
        {{ json_timestamp('payload', '$.fields.resolutiondate') }} as resolved_at,
        {{ json_text('payload', '$._context.beneficiary_email') }} as beneficiary_email,
        {{ json_text('payload', '$._context.beneficiary_account_id') }} as beneficiary_account_id,
        {{ json_timestamp('payload', '$._context.expires_at') }} as expires_at,
        {{ json_text('payload', '$.self') }} as url,
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
