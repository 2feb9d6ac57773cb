with records as (

    select * from {{ latest_records('raw_jira', 'issues') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'issue_id': '$.id',
        'issue_key': '$.key',
        'project_key': '$.fields.project.key',
        'issue_type': '$.fields.issuetype.name',
        'summary': '$.fields.summary',
        'status_id': '$.fields.status.id',
        'status_name': '$.fields.status.name',
        'status_category': '$.fields.status.statusCategory.key',
        'resolution': '$.fields.resolution.name',
        'reporter_account_id': '$.fields.reporter.accountId',
        'creator_account_id': '$.fields.creator.accountId',
        'assignee_account_id': '$.fields.assignee.accountId',
        'created_at': '$.fields.created',
        'updated_at': '$.fields.updated',
        'resolved_at': '$.fields.resolutiondate',
        'beneficiary_email': '$._context.beneficiary_email',
        'beneficiary_account_id': '$._context.beneficiary_account_id',
        'expires_at': '$._context.expires_at',
        'url': '$.self'
    }) }} as unpacked

),

final as (

    select
        issue_id,
        issue_key,
        project_key,
        issue_type,
        summary,
        status_id,
        status_name,
        status_category,
        resolution,
        reporter_account_id,
        creator_account_id,
        assignee_account_id,
        {{ text_to_instant('created_at') }} as created_at,
        {{ text_to_instant('updated_at') }} as updated_at,
        {{ text_to_instant('resolved_at') }} as resolved_at,
        beneficiary_email,
        beneficiary_account_id,
        {{ text_to_instant('expires_at') }} as expires_at,
        url,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        versions
    from unpacked

)

select * from final
